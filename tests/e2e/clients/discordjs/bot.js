// A small discord.js bot, as its own guide would write it; its counterpart is journey.py.

const {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  Client,
  Events,
  GatewayIntentBits,
  LabelBuilder,
  ModalBuilder,
  SlashCommandBuilder,
  TextInputBuilder,
  TextInputStyle,
} = require("discord.js");

const { PLAYGROUND_API: api, PLAYGROUND_BOT_TOKEN: token, PLAYGROUND_GUILD: guild } = process.env;
const REPOSITORIES = ["sample", "shop", "site"];
const COMMANDS = [
  new SlashCommandBuilder()
    .setName("task")
    .setDescription("Start something")
    .addStringOption((option) =>
      option.setName("repo").setDescription("Where").setRequired(true).setAutocomplete(true),
    ),
  new SlashCommandBuilder().setName("later").setDescription("Think first"),
];
const client = new Client({ intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages], rest: { api } });
const tell = (word) => process.stdout.write(`${word}\n`);

async function complete(interaction) {
  const typed = interaction.options.getFocused();
  const found = REPOSITORIES.filter((name) => name.startsWith(typed));
  await interaction.respond(found.map((name) => ({ name: `${name} (repository)`, value: name })));
}

async function command(interaction) {
  if (interaction.commandName === "later") {
    await interaction.deferReply();
    await interaction.editReply("Thought about it");
    await interaction.followUp({ content: "And again" });
    return;
  }
  const input = new TextInputBuilder().setCustomId("what").setStyle(TextInputStyle.Paragraph);
  const modal = new ModalBuilder()
    .setCustomId("task")
    .setTitle(`New task for ${interaction.options.getString("repo")}`)
    .addLabelComponents(new LabelBuilder().setLabel("What should be done?").setTextInputComponent(input));
  await interaction.showModal(modal);
}

async function submitted(interaction) {
  const stop = new ButtonBuilder().setCustomId("stop").setLabel("Stop").setStyle(ButtonStyle.Danger);
  const answer = await interaction.reply({
    content: `On it: ${interaction.fields.getTextInputValue("what")}`,
    components: [new ActionRowBuilder().addComponents(stop)],
    withResponse: true,
  });
  const thread = await answer.resource.message.startThread({ name: "the run" });
  const card = await thread.send("card");
  await card.edit("card, edited");
}

client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isAutocomplete()) await complete(interaction);
  else if (interaction.isChatInputCommand()) await command(interaction);
  else if (interaction.isModalSubmit()) await submitted(interaction);
  else if (interaction.isButton()) await interaction.update({ content: "Stopped", components: [] });
});
client.on(Events.Warn, (text) => tell(`E warning: ${text}`));
client.on(Events.Error, (error) => tell(`E ${error.stack}`));
client.rest.on("rateLimited", ({ url }) => tell(`E limited: ${url}`));
client.rest.on("invalidRequestWarning", ({ count }) => tell(`E ${count} invalid requests`));
client.on(Events.ShardReady, () => tell("identified"));
client.on(Events.ShardResume, () => tell("resumed"));
client.once(Events.ClientReady, async () => {
  const made = await client.application.commands.set(COMMANDS, guild);
  tell(`synced ${made.size} commands for ${client.guilds.cache.get(guild).name}`);
});
client.login(token);
