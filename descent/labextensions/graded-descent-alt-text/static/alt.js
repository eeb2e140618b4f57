// JupyterLab and Notebook 7 draw a PNG output without the alt text that its metadata carries;
// this renderer, in place of theirs, adds it. A module of webpack's federation, written by hand.
(() => {
  let shared;

  const take = async (name) => (await Object.values(shared[name])[0].get())();

  const plugin = async () => {
    const { IRenderMimeRegistry, RenderedImage } = await take("@jupyterlab/rendermime");
    class ToldImage extends RenderedImage {
      async render(model) {
        await super.render(model);
        const alt = model.metadata["image/png"]?.alt;
        if (typeof alt === "string") this.node.querySelector("img").alt = alt;
      }
    }
    return {
      id: "graded-descent-alt-text:plugin",
      description: "Gives pictures in outputs the alt text that their metadata carries.",
      autoStart: true,
      requires: [IRenderMimeRegistry],
      activate: (_, rendermime) => {
        const createRenderer = (options) => new ToldImage(options);
        rendermime.addFactory({ safe: true, mimeTypes: ["image/png"], createRenderer }, 90);
      },
    };
  };

  (window._JUPYTERLAB ??= {})["graded-descent-alt-text"] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
})();
