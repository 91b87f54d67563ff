/** What is left of the limits of a scrape. */
export interface Room {
  /** Takes lines with a text of this length from what is left. @returns whether there was enough */
  take(samples: number, length: number): boolean;
  /** Gives back what was taken. */
  give(samples: number, length: number): void;
  /** Whether less than half of the lines or of their text is left. */
  readonly isHalfTaken: boolean;
}

/** The maximum length of a scrape, in characters. With labels of ordinary length, the limit of samples comes first. */
const MAX_LENGTH = 32 * 2 ** 20;
/** A line's value, its brackets, the suffix of its name, and its bound. */
const REST_OF_LINE = 48;

export function createRoom(maxSamples: number): Room {
  let samplesLeft = maxSamples;
  let lengthLeft = MAX_LENGTH;
  const wholeLengthOf = (samples: number, length: number) => samples * (length + REST_OF_LINE);
  return {
    take(samples, length) {
      const wholeLength = wholeLengthOf(samples, length);
      if (samples > samplesLeft || wholeLength > lengthLeft) return false;
      samplesLeft -= samples;
      lengthLeft -= wholeLength;
      return true;
    },
    give(samples, length) {
      samplesLeft += samples;
      lengthLeft += wholeLengthOf(samples, length);
    },
    get isHalfTaken() {
      return samplesLeft < maxSamples / 2 || lengthLeft < MAX_LENGTH / 2;
    },
  };
}
