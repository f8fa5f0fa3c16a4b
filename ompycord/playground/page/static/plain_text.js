// A message as one line of speech or preview.

export function plainText(message) {
  const embed = message.embeds?.[0];
  const text =
    message.content ||
    embed?.title ||
    embed?.description ||
    (message.attachments?.length ? "an attachment" : "a message");
  return text.slice(0, 200);
}
