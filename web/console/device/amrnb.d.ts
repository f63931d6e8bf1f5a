// The codec of the package, as it is meant to run inside a worker: it answers
// {command: "encode", samples, sampleRate} and {command: "decode", buffer}.
declare module "benz-amr-recorder/src/amrnb.js" {
  const begin: () => void;
  export default begin;
}
