// The parts of OpenSSL 3's libcrypto that `Cryptography` uses.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

// EVP_PKEY_PUBLIC_KEY is a macro of macros, which Swift does not import.
static const int sceptic_public_key_selection = EVP_PKEY_PUBLIC_KEY;
