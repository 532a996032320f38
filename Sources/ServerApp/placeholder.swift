enum ServerAppPlaceholder {}
