// The parts of OpenLDAP's libldap that `Connectors` uses.
#include <ldap.h>
#include <openldap.h>
