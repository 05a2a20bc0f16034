() => {
  // What a person sees, in HTML that says so by itself: values, states, and what is hidden. Each form
  // and button is given a number by which it is found again.
  if (document.readyState === "loading" || !document.documentElement) return { url: location.href, html: "" };
  const copy = document.documentElement.cloneNode(true);
  const controls = "form, input, button, select, textarea, a, [role=button]";
  const live = [...document.querySelectorAll(controls)];
  const copied = [...copy.querySelectorAll(controls)];
  live.forEach((element, index) => {
    const twin = copied[index];
    element.setAttribute("data-authgauge", index);
    twin.setAttribute("data-authgauge", index);
    if (element.tagName === "FORM") return;
    const seen = element.checkVisibility({ visibilityProperty: true });
    if (!seen && element.type !== "hidden") twin.setAttribute("hidden", "");
    if (element.disabled) twin.setAttribute("disabled", "");
    if (element.tagName === "TEXTAREA") twin.textContent = element.value;
    if (element.tagName === "SELECT")
      [...element.options].forEach((option, at) => twin.options[at].toggleAttribute("selected", option.selected));
    if (element.tagName !== "INPUT") return;
    if (["checkbox", "radio"].includes(element.type)) twin.toggleAttribute("checked", element.checked);
    else twin.setAttribute("value", element.value);
    if (element.type === "hidden") return;
    if (!element.name && !element.autocomplete) {
      const label = [...(element.labels ?? [])].map((l) => l.textContent).join(" ");
      const spoken = `${element.placeholder} ${element.ariaLabel ?? ""} ${label}`.trim();
      if (element.type !== "password" && spoken) twin.setAttribute("autocomplete", spoken);
    }
    if (!element.name) twin.setAttribute("name", element.id || `field-${index}`);
  });
  const make = (old, tag) => {
    const fresh = document.createElement(tag);
    for (const { name, value } of old.attributes) fresh.setAttribute(name, value);
    fresh.append(...old.childNodes);
    old.replaceWith(fresh);
    return fresh;
  };
  // A script may take the place of a form: then everything on the page is one.
  const typed = "input:not([type=hidden]):not([hidden]), textarea:not([hidden])";
  const pressed = "button:not([hidden]), input[type=submit]:not([hidden]), input[type=button]:not([hidden]), [role=button]:not([hidden])";
  const fields = [...copy.querySelectorAll(typed)];
  const outside = (element) => !element.closest("form") && !element.hasAttribute("form");
  const forms = copy.querySelectorAll("form");
  const body = copy.querySelector("body");
  if (body && (fields.some(outside) || (!forms.length && copy.querySelector(pressed)))) {
    forms.forEach((form) => make(form, "div"));
    const form = document.createElement("form");
    form.setAttribute("method", "post");
    form.append(...body.childNodes);
    body.append(form);
  }
  for (const form of copy.querySelectorAll("form")) {
    if (form.querySelector("button:not([type]):not([hidden]), button[type=submit]:not([hidden]), input[type=submit]:not([hidden])")) continue;
    for (const button of form.querySelectorAll(pressed)) {
      const fresh = button.tagName === "INPUT" ? button : make(button, "button");
      fresh.setAttribute("type", "submit");
    }
  }
  copy.querySelectorAll("script, style, noscript, link, svg, template").forEach((element) => element.remove());
  return { url: location.href, html: copy.outerHTML };
}
