function render({ model, el }) {
  const size = 300, canvas = document.createElement("canvas"), picture = new Image();
  canvas.width = canvas.height = size;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", model.get("label"));
  canvas.style.cssText = "cursor: crosshair; touch-action: none; border: 1px solid #888";
  const limit = model.get("limit"), pen = canvas.getContext("2d");
  const draw = () => {
    pen.drawImage(picture, 0, 0, size, size);
    const px = (model.get("x") / limit + 1) * size / 2;
    const py = (1 - model.get("y") / limit) * size / 2;
    pen.beginPath(); pen.arc(px, py, 7, 0, 2 * Math.PI);
    pen.lineWidth = 5; pen.strokeStyle = "white"; pen.stroke();
    pen.lineWidth = 3; pen.strokeStyle = "#D55E00"; pen.stroke();
  };
  const put = (x, y) => {
    const inside = v => Math.round(Math.max(-limit, Math.min(limit, v)) * 100) / 100;
    model.set({ x: inside(x), y: inside(y) }); model.save_changes(); draw();
  };
  const follow = e => {
    const box = canvas.getBoundingClientRect();
    put(((e.clientX - box.left) / box.width * 2 - 1) * limit, (1 - (e.clientY - box.top) / box.height * 2) * limit);
  };
  canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); canvas.focus(); follow(e); });
  canvas.addEventListener("pointermove", e => { if (e.buttons) follow(e); });
  canvas.addEventListener("keydown", e => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
    if (!step) return;
    e.preventDefault(); e.stopPropagation();
    put(model.get("x") + step[0] * limit / 20, model.get("y") + step[1] * limit / 20);
  });
  model.on("change:x", draw); model.on("change:y", draw);
  picture.onload = draw;
  const bytes = model.get("background");
  picture.src = URL.createObjectURL(new Blob([bytes.buffer ? bytes : new Uint8Array(bytes)], { type: "image/png" }));
  el.appendChild(canvas);
  return () => { URL.revokeObjectURL(picture.src); model.off("change:x", draw); model.off("change:y", draw); };
}
export default { render };
