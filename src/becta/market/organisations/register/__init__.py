"""Reading the DfE register's files and bringing our copy of it in line with them."""
