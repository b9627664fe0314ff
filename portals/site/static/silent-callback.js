// Runs inside a hidden frame of the app: hands the sign-in service's answer, which is this page's address, to the page
// around it. What the answer is worth (state, nonce, the code) the library checks there, as for every other answer.
//
// Trap: to this origin only. With "*" whoever embeds this page would be handed the code. That nobody else can embed it
// (frame-ancestors 'self') is the second lock on the same door.

if (window.parent !== window) {
  const { library } = document.getElementById("answer").dataset;
  // The two libraries listen for messages of different forms.
  const message = library === "keycloak-js" ? location.href : { source: "oidc-client", url: location.href, keepOpen: false };
  window.parent.postMessage(message, location.origin);
}
