enum SCEPPlaceholder {}
