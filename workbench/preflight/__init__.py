"""What is wrong with a table for the run that is asked for, told before it is stored."""
