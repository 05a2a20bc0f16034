//! What to register at a provider: one client for each role, and the users.

/// What stands for each role in the list of what to register, and in the reference of the keys.
pub const ROLES: [(&str, &str); 14] = [
    ("public", "a public client (no secret): authorization code with PKCE, and refresh tokens"),
    ("public2", "another public client like it, to which nothing of the first one belongs"),
    ("consent", "a public client that asks the user for consent each time"),
    ("confidential", "a client with a secret, sent by HTTP Basic: authorization code, refresh"),
    ("confidential_post", "a client with a secret, sent in the form; may be the same client"),
    ("service", "a client with a secret that acts for itself: client credentials"),
    ("device", "a public client with the device grant"),
    ("device2", "another public client with the device grant"),
    ("device_confidential", "a client with a secret and the device grant"),
    ("no_device", "a client without the device grant; may be `public`"),
    ("resource_server", "a client with a secret that may introspect tokens"),
    ("other_resource_server", "one that may introspect, but not the tokens of these clients"),
    ("two_uris", "a public client that has registered `https_redirect_uri` as well"),
    ("signed", "a client that has registered the public half of its `key`"),
];

/// The metadata that a role needs: a member that must be there, or a list that must not lack a
/// value.
pub const NEEDS: [(&str, &str, Option<&str>); 8] = [
    ("device", "device_authorization_endpoint", None),
    ("device2", "device_authorization_endpoint", None),
    ("device_confidential", "device_authorization_endpoint", None),
    ("no_device", "device_authorization_endpoint", None),
    ("resource_server", "introspection_endpoint", None),
    ("other_resource_server", "introspection_endpoint", None),
    ("service", "grant_types_supported", Some("client_credentials")),
    ("confidential_post", "token_endpoint_auth_methods_supported", Some("client_secret_post")),
];
