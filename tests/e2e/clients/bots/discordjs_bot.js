// A small discord.js bot, as its own guide would write it; its counterpart is journey.py.

const {
  ActionRowBuilder,
  AttachmentBuilder,
  ButtonBuilder,
  ButtonStyle,
  Client,
  Events,
  GatewayIntentBits,
  LabelBuilder,
  ModalBuilder,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
} = require("discord.js");

const { PLAYGROUND_API: api, PLAYGROUND_BOT_TOKEN: token, PLAYGROUND_GUILD: guild } = process.env;
const REPOSITORIES = ["sample", "shop", "site"];
const COMMANDS = [
  new SlashCommandBuilder().setName("panel").setDescription("Show a button and a select"),
  new SlashCommandBuilder()
    .setName("task")
    .setDescription("Start something")
    .addStringOption((option) =>
      option.setName("repo").setDescription("Where").setRequired(true).setAutocomplete(true),
    ),
  new SlashCommandBuilder().setName("later").setDescription("Think first"),
  new SlashCommandBuilder()
    .setName("do")
    .setDescription("Do one thing in the channel")
    .addStringOption((option) => option.setName("what").setDescription("Which").setRequired(true)),
];
const client = new Client({ intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages], rest: { api } });
const tell = (word) => process.stdout.write(`${word}\n`);

async function complete(interaction) {
  const typed = interaction.options.getFocused();
  const found = REPOSITORIES.filter((name) => name.startsWith(typed));
  await interaction.respond(found.map((name) => ({ name: `${name} (repository)`, value: name })));
}

async function panel(interaction) {
  const press = new ButtonBuilder().setCustomId("press").setLabel("Press").setStyle(ButtonStyle.Danger);
  const options = REPOSITORIES.map((name) => ({ label: name, value: name }));
  const pick = new StringSelectMenuBuilder().setCustomId("pick").setPlaceholder("Pick").addOptions(options);
  const components = [press, pick].map((item) => new ActionRowBuilder().addComponents(item));
  await interaction.reply({ content: "Panel", components });
}

async function task(interaction) {
  const input = new TextInputBuilder().setCustomId("what").setStyle(TextInputStyle.Paragraph);
  const modal = new ModalBuilder()
    .setCustomId("task")
    .setTitle(`New task for ${interaction.options.getString("repo")}`)
    .addLabelComponents(new LabelBuilder().setLabel("What should be done?").setTextInputComponent(input));
  await interaction.showModal(modal);
}

async function later(interaction) {
  await interaction.deferReply();
  await interaction.editReply("Thought about it");
  await interaction.followUp({ content: "And again" });
}

const ACTS = {
  file: async (channel) => {
    await channel.send({ content: "with a file", files: [new AttachmentBuilder(Buffer.from("some notes"), { name: "notes.txt" })] });
  },
  edit: async (channel) => (await channel.send("draft")).edit("edited"),
  delete: async (channel) => (await channel.send("passing")).delete(),
  thread: async (channel) => {
    const thread = await (await channel.send("start")).startThread({ name: "the run" });
    await thread.send("card");
  },
  reaction: async (channel) => (await channel.send("like this")).react("🚀"),
};

async function act(interaction) {
  const what = interaction.options.getString("what");
  await interaction.deferReply();
  await ACTS[what](interaction.channel);
  await interaction.editReply(`did ${what}`);
}

const USED = { panel, task, later, do: act };
client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isAutocomplete()) await complete(interaction);
  else if (interaction.isChatInputCommand()) await USED[interaction.commandName](interaction);
  else if (interaction.isModalSubmit()) await interaction.reply(`On it: ${interaction.fields.getTextInputValue("what")}`);
  else if (interaction.isButton()) await interaction.update("Pressed");
  else if (interaction.isStringSelectMenu()) await interaction.update({ content: `Picked ${interaction.values[0]}`, components: [] });
});
client.on(Events.Warn, (text) => tell(`E warning: ${text}`));
client.on(Events.Error, (error) => tell(`E ${error.stack}`));
client.rest.on("invalidRequestWarning", ({ count }) => tell(`E ${count} invalid requests`));
client.on(Events.ShardReady, () => tell("identified"));
client.on(Events.ShardResume, () => tell("resumed"));
client.once(Events.ClientReady, async () => {
  const made = await client.application.commands.set(COMMANDS, guild);
  tell(`synced ${made.size} commands for ${client.guilds.cache.get(guild).name}`);
});
client.login(token);
