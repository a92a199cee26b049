// How a page embeds photos with a network from another runtime: the browser decodes, a canvas resamples, JavaScript fills the
// tensor, and both looks of the card are taken as Twill takes them. Colours are left out.

const MINIMUM_BOX = 0.05;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function unit(vector) {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export class Photos {
  constructor(network, card) {
    this.network = network;
    this.card = card;
    this.size = card.preprocess.size;
    this.context = new OffscreenCanvas(this.size, this.size).getContext("2d", { willReadFrequently: true });
    // By default a canvas shrinks without regard to the pixels in between, which the network would notice.
    this.context.imageSmoothingQuality = "medium";
  }

  // Feature of length 1.
  async embed(blob) {
    const photo = await createImageBitmap(blob);
    const whole = { x1: 0, y1: 0, x2: 1, y2: 1 };
    const { corners, feature } = await this.look(photo, whole, false);
    const margin = this.card.second_look;
    if (margin === undefined) return feature;
    const { x1, y1, x2, y2 } = this.garment(photo, corners);
    const [dx, dy] = [(x2 - x1) * margin, (y2 - y1) * margin];
    const near = { x1: Math.max(x1 - dx, 0), y1: Math.max(y1 - dy, 0), x2: Math.min(x2 + dx, 1), y2: Math.min(y2 + dy, 1) };
    const closer = await this.look(photo, near, Boolean(this.card.mirror));
    photo.close();
    return unit(feature.map((value, at) => value + closer.feature[at]));
  }

  async look(photo, box, isMirrored) {
    const answer = await this.network.network(this.tensor(photo, box, isMirrored));
    const { embedding, widths } = this.card.network;
    return { corners: answer.slice(0, 4), feature: unit(answer.slice(4, 4 + (embedding ?? widths.at(-1)))) };
  }

  // Where a crop of this size lies in the network's square: left, top, width, height.
  frame(width, height) {
    if (this.card.preprocess.fit === "squash") return [0, 0, this.size, this.size];
    const scale = this.size / Math.max(width, height);
    const [across, down] = [width, height].map((side) => clamp(Math.round(side * scale), 1, this.size));
    return [(this.size - across) >> 1, (this.size - down) >> 1, across, down];
  }

  tensor(photo, { x1, y1, x2, y2 }, isMirrored) {
    const [width, height] = [(x2 - x1) * photo.width, (y2 - y1) * photo.height];
    const [left, top, across, down] = this.frame(width, height);
    this.context.drawImage(photo, x1 * photo.width, y1 * photo.height, width, height, left, top, across, down);
    const pixels = this.context.getImageData(left, top, across, down).data;
    const { order, mean, std } = this.card.preprocess;
    const values = new Float32Array(3 * this.size * this.size);
    for (let channel = 0; channel < 3; channel++) {
      const from = order === "bgr" ? 2 - channel : channel;
      const [middle, scale] = [mean[channel], 1 / std[channel]];
      for (let y = 0; y < down; y++) {
        const row = (channel * this.size + top + y) * this.size;
        for (let x = 0; x < across; x++) {
          const column = isMirrored ? this.size - 1 - left - x : left + x;
          values[row + column] = (pixels[4 * (y * across + x) + from] - middle) * scale;
        }
      }
    }
    return values;
  }

  // The box in the photo that the corners in the network's square mean.
  garment(photo, corners) {
    const [left, top, width, height] = this.frame(photo.width, photo.height).map((side) => side / this.size);
    const span = (a, b, start, length) => {
      const sides = [(a - start) / length, (b - start) / length].sort((a, b) => a - b).map((side) => clamp(side, 0, 1));
      if (sides[1] - sides[0] >= MINIMUM_BOX) return sides;
      const low = clamp((sides[0] + sides[1] - MINIMUM_BOX) / 2, 0, 1 - MINIMUM_BOX);
      return [low, low + MINIMUM_BOX];
    };
    const [x1, x2] = span(corners[0], corners[2], left, width);
    const [y1, y2] = span(corners[1], corners[3], top, height);
    return { x1, y1, x2, y2 };
  }
}
