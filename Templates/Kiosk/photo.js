// Photos on the terminal's page: taken through a file input, which a phone answers with its camera,
// brought down to a size that a thin link carries, and looked at in full.
(() => {
  "use strict";

  // Larger files are drawn anew: nothing on a pallet needs more than this, and the note of where
  // the phone was stays on the phone.
  const KEPT_AS_IT_IS = 1_200_000;
  const SIDE_MAX = 2560;
  const QUALITY = 0.85;
  const AGAIN_MS = 1500;

  /** The file to send: the photo itself, or drawn smaller and upright. */
  async function prepared(file) {
    const isKnown = file.type === "image/jpeg" || file.type === "image/png";
    if (isKnown && file.size <= KEPT_AS_IT_IS) return file;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close();
      const drawn = await new Promise((take) => canvas.toBlob(take, "image/jpeg", QUALITY));
      return drawn && (!isKnown || drawn.size < file.size) ? drawn : file;
    } catch {
      return file; // the terminal says what is wrong with it
    }
  }

  document.addEventListener("change", async (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.hasAttribute("data-photo")) return;
    const file = input.files[0];
    if (!file) return;
    input.closest(".photo").setAttribute("aria-busy", "true");
    const body = await prepared(file);
    input.value = "";
    document.dispatchEvent(new CustomEvent("tallyman-photo", { detail: body }));
  });

  // A photo that is still on its way is asked for again while somebody looks at the page.
  document.addEventListener("error", (event) => {
    const picture = event.target;
    if (!(picture instanceof HTMLImageElement)) return;
    if (!picture.closest(".viewer")) picture.classList.add("photo-missing");
    setTimeout(() => {
      if (picture.isConnected && picture.offsetParent !== null) {
        picture.src = picture.getAttribute("src");
      }
    }, AGAIN_MS);
  }, true);

  document.addEventListener("load", (event) => {
    if (!(event.target instanceof HTMLImageElement)) return;
    event.target.classList.remove("photo-missing");
    const viewer = event.target.closest(".viewer");
    if (viewer) viewer.removeAttribute("aria-busy");
  }, true);

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const viewer = document.getElementById("viewer");
    if (!target || !viewer) return;
    const key = target.closest("[data-photo-view]");
    if (key) {
      const picture = viewer.querySelector("img");
      // The small picture stands in until the photo has come.
      picture.style.backgroundImage = `url("${key.dataset.photoView}?preview")`;
      viewer.setAttribute("aria-busy", "true");
      picture.src = key.dataset.photoView;
      viewer.showModal();
    } else if (target.closest(".viewer")) {
      viewer.close();
    }
  });
})();
