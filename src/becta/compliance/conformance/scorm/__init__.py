"""The runners for SCORM packages: zips with a manifest of 1EdTech's Content Packaging."""
