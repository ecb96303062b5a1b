// Names of devices and messages as canonical Base64 text (32 and 16 bytes): they are map keys and travel so in frames.
export type DeviceId = string;
export type MessageId = string;
