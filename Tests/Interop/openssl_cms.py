class OpenSSLCMS:
    pass
