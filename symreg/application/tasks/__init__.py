"""What a worker process can be asked to do; `table.py` names it."""
