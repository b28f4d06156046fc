"""What the command line and Python users call: tasks in a worker, checks of what is given, files written."""
