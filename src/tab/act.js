(told) => {
  // Fills in the form that was decided upon, as typing would, and presses its button.
  const marked = (mark) => (mark ? document.querySelector(`[data-authgauge="${mark}"]`) : null);
  const form = marked(told.form);
  const button = marked(told.button);
  const pairs = [...told.pairs];
  const take = (name, value) => {
    const at = pairs.findIndex((pair) => pair[0] === name && (value === undefined || pair[1] === value));
    return at < 0 ? undefined : pairs.splice(at, 1)[0][1];
  };
  const say = (element, ...names) =>
    names.forEach((name) => element.dispatchEvent(new Event(name, { bubbles: true })));
  const write = (element, value) => {
    // Libraries put their own setter on the element; the prototype's is the browser's.
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value").set;
    element.focus();
    setter.call(element, value);
    say(element, "input", "change");
    element.blur();
  };
  let last = null;
  for (const element of document.querySelectorAll("input, select, textarea")) {
    if (form?.tagName === "FORM" && element.form !== form) continue;
    const name = element.name || element.id || `field-${element.dataset.authgauge}`;
    if (["hidden", "submit", "button", "image", "reset", "file"].includes(element.type)) continue;
    if (["checkbox", "radio"].includes(element.type)) {
      const wanted = take(name, element.value) !== undefined;
      if (wanted !== element.checked && !(element.type === "radio" && !wanted)) element.click();
      continue;
    }
    const value = told.asked.includes(name) ? take(name) : undefined;
    if (value === undefined || element.disabled || element.readOnly) continue;
    if (element.value !== value) write(element, value);
    last = element;
  }
  if (button) button.click();
  else if (form?.tagName === "FORM") form.requestSubmit();
  else if (last) {
    last.focus();
    for (const name of ["keydown", "keypress", "keyup"])
      last.dispatchEvent(new KeyboardEvent(name, { key: "Enter", code: "Enter", keyCode: 13, bubbles: true }));
  }
}
