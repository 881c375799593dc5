"""The runners for QTI items, alone or in a content package."""
