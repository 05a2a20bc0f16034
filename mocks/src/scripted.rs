//! A login page that is nothing without its script, as single-page applications are.

use serde_json::json;

use crate::wire::{self, Response, headers_of, with_header};

/// The page. Its script builds the form, sends it by `fetch`, and goes where the answer says.
pub const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Log in</title></head>
<body>
<div id="app" data-action="${action}" data-csrf="${csrf}" data-carried="${carried}" data-message="${message}"></div>
<script>
const app = document.getElementById("app");
const form = document.createElement("form");
const add = (parent, tag, rest) => parent.appendChild(Object.assign(document.createElement(tag), rest));
const field = (label, rest) => {
  add(form, "label", { textContent: label, htmlFor: rest.id });
  return add(form, "input", rest);
};
const message = add(app, "p", { role: "alert", textContent: app.dataset.message });
add(app, "h1", { textContent: "Log in" });
const username = field("Username", { id: "who", autocomplete: "username" });
const password = field("Password", { id: "secret", type: "password", autocomplete: "current-password" });
const button = add(form, "button", { type: "submit", textContent: "Log in" });
// As the libraries for pages do, it believes what it was told by events and not what stands in the field.
const typed = { username: "", password: "" };
username.addEventListener("input", () => { typed.username = username.value; });
password.addEventListener("input", () => { typed.password = password.value; });
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  const body = new URLSearchParams({ csrf: app.dataset.csrf, request: app.dataset.carried, ...typed });
  const answer = await fetch(app.dataset.action, { method: "POST", body });
  const { next, error } = await answer.json();
  if (next) {
    location.assign(next);
  } else {
    message.textContent = error;
    button.disabled = false;
  }
});
// Later than the page itself, as if the rest had to be loaded first.
setTimeout(() => app.append(form), 50);
</script>
</body>
</html>
"#;

/// The answer to a form as the script reads it: where to go next, or what is wrong.
pub fn answer(response: &Response) -> Response {
    let cookies: Vec<String> = headers_of(response, "set-cookie").map(str::to_owned).collect();
    let next = headers_of(response, "location").next().map(str::to_owned);
    let said = match (next, response.status) {
        (Some(next), _) => wire::json(200, &json!({ "next": next })),
        (None, 200..300) => wire::json(401, &json!({ "error": WRONG })),
        (None, status) => {
            wire::json(status, &json!({ "error": "Start again at the application." }))
        }
    };
    cookies.iter().fold(said, |said, cookie| with_header(said, "Set-Cookie", cookie))
}

/// What a refused login says.
pub const WRONG: &str = "The username or the password is wrong.";
