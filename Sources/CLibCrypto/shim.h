// The parts of OpenSSL 3's libcrypto that `Cryptography` uses.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

// EVP_PKEY_PUBLIC_KEY is a macro of macros, which Swift does not import.
static const int sceptic_public_key_selection = EVP_PKEY_PUBLIC_KEY;

// libcrypto keeps the pointer to a parameter's name. A Swift string's is gone when the call returns; these live for ever.
static inline OSSL_PARAM sceptic_rsa_modulus(unsigned char *bytes, size_t length) {
    return OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, bytes, length);
}

static inline OSSL_PARAM sceptic_rsa_exponent(unsigned char *bytes, size_t length) {
    return OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, bytes, length);
}

static inline OSSL_PARAM sceptic_ec_group(char *name) {
    return OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
}

static inline OSSL_PARAM sceptic_ec_point(unsigned char *bytes, size_t length) {
    return OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes, length);
}
