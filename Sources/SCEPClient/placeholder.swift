enum SCEPClientPlaceholder {}
