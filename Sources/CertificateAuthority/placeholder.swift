enum CertificateAuthorityPlaceholder {}
