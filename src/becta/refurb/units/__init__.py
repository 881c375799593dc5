"""The particulars of a remanufactured or refurbished offer."""
