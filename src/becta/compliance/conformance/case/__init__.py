"""The runners for CASE packages: frameworks of competencies and standards as 1EdTech's CFPackage JSON."""
