"""What holds of what is made of others: of sums, groups and differences, losses, whole objectives."""
