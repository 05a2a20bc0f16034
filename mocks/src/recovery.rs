//! The pages on which users replace a forgotten password. The code comes from the control plane.

use crate::account_page::{self, AccountPage, Posted, USERNAME, address, field};
use crate::idp;
use crate::provider::Provider;
use crate::wire::{Request, Response};

const FORGOT: AccountPage = AccountPage {
    title: "Forgot your password?",
    inputs: r#"<label>Username <input name="username" autocomplete="username" required></label>
<button type="submit" name="reset_my_password" value="reset">Reset my password</button>"#,
};

const CONFIRM: AccountPage = AccountPage {
    title: "Choose a new password",
    inputs: r#"<label>Code <input name="code" inputmode="numeric" required></label>
<label>New password <input name="password" type="password" autocomplete="new-password" required></label>
<button type="submit" name="reset_password" value="reset">Change password</button>"#,
};

/// Answers at the page that sends a code. It leads to the page that wants it.
pub fn forgot(provider: &mut Provider, request: &Request) -> Response {
    account_page::answer(provider, request, FORGOT, |provider, Posted { client, form }| {
        let username = field(form, USERNAME);
        idp::send_password_code(provider, client, username)?;
        let page = &provider.dialect.endpoints.confirm_forgot_password;
        Ok(address(page, request, Some(username)))
    })
}

/// Answers at the page that wants the code and a new password. It leads back to the login.
pub fn confirm(provider: &mut Provider, request: &Request) -> Response {
    account_page::answer(provider, request, CONFIRM, |provider, Posted { client, form }| {
        let (username, code) = (field(form, USERNAME), field(form, "code"));
        idp::replace_password(provider, client, username, code, field(form, "password"))?;
        Ok(address(&provider.dialect.endpoints.login, request, None))
    })
}
