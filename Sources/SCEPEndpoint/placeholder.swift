enum SCEPEndpointPlaceholder {}
