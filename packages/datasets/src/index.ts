// `@flambeau/datasets`: tables and folders of images as datasets, read from disk by the field's parsers.

export { CsvDataset, type CsvDatasetOptions } from "./csv-dataset.ts";
export { type DecodedImage, decodeImage, imageToTensor } from "./image.ts";
export { ImageFolder, type ImageFolderOptions } from "./image-folder.ts";
export { type CsvOptions, readCsv, Table } from "./table.ts";
