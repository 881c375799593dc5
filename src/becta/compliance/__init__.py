"""What is proved: standards, claims to them and the badges they give."""
