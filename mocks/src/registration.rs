//! The pages on which people become users: sign up, confirm with a code, ask for another one. The code
//! comes from the control plane.

use std::collections::BTreeMap;

use crate::account_page::{self, AccountPage, Posted, USERNAME, address, field};
use crate::idp::{self, Registration};
use crate::provider::Provider;
use crate::wire::{Request, Response};

/// How the names of the fields for attributes begin and end.
const ATTRIBUTE: (&str, &str) = ("requiredAttributes[", "]");

const SIGN_UP: AccountPage = AccountPage {
    title: "Sign up with a new account",
    inputs: r#"<label>Username <input name="username" autocomplete="username" required></label>
<label>Email <input name="requiredAttributes[email]" type="email" required></label>
<label>Password <input name="password" type="password" autocomplete="new-password" required></label>
<button type="submit" name="signUpButton" value="signup">Sign up</button>"#,
};

const CONFIRM: AccountPage = AccountPage {
    title: "Confirm your account",
    inputs: r#"<label>Verification code <input name="code" inputmode="numeric" required></label>
<button type="submit" name="confirm" value="confirm">Confirm account</button>"#,
};

const RESEND: AccountPage = AccountPage {
    title: "Send another code",
    inputs: r#"<button type="submit" name="resend" value="resend">Resend it</button>"#,
};

/// Answers at the page to sign up on. It leads to the page that wants the code.
pub fn sign_up(provider: &mut Provider, request: &Request) -> Response {
    account_page::answer(provider, request, SIGN_UP, |provider, Posted { form, .. }| {
        let (username, password) = (field(form, USERNAME), field(form, "password"));
        let attribute = |(name, value): &(String, String)| {
            let name = name.strip_prefix(ATTRIBUTE.0)?.strip_suffix(ATTRIBUTE.1)?;
            Some((name.to_owned(), value.clone()))
        };
        let attributes: BTreeMap<String, String> = form.0.iter().filter_map(attribute).collect();
        let (username, password) = (username.to_owned(), password.to_owned());
        let registration = Registration { username, password, attributes };
        idp::register(provider, registration)?;
        let page = &provider.dialect.endpoints.confirm_sign_up;
        Ok(address(page, request, Some(field(form, USERNAME))))
    })
}

/// Answers at the page that wants the code. It leads back to the login.
pub fn confirm(provider: &mut Provider, request: &Request) -> Response {
    account_page::answer(provider, request, CONFIRM, |provider, Posted { form, .. }| {
        idp::confirmed(provider, field(form, USERNAME), field(form, "code"))?;
        Ok(address(&provider.dialect.endpoints.login, request, None))
    })
}

/// Answers at the page that sends another code.
pub fn resend(provider: &mut Provider, request: &Request) -> Response {
    account_page::answer(provider, request, RESEND, |provider, Posted { form, .. }| {
        let username = field(form, USERNAME);
        idp::sent_again(provider, username)?;
        let page = &provider.dialect.endpoints.confirm_sign_up;
        Ok(address(page, request, Some(username)))
    })
}
