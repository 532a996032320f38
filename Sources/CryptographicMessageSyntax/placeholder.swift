enum CryptographicMessageSyntaxPlaceholder {}
