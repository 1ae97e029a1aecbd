using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The keys of <c>workload</c> that describe generated traffic.</summary>
public static class SyntheticFields
{
    public static readonly Field<string> Preset = new(new ChoiceType(
        ("chat", "conversation as in the Azure trace of 2023, each request on its own"),
        ("code-completion", "short answers in bursts, as in the Azure code trace of 2023"),
        ("agent", "chains of model calls with tools between them"),
        ("long-document", "very long prompts, as the longer half of the Mooncake trace"),
        ("batch", "everything at once, nobody waits")))
    {
        Name = "preset",
        Meaning = "Starting point: fills in every part of the workload that is not written.",
        DefaultText = "none",
    };

    public static readonly Field<long?> Requests = Optional.LongCount("requests", "Number of requests.", max: 2_000_000_000);
    public static readonly Field<SimDuration?> Duration = Optional.Duration("duration", "No request or session starts at or after this time. Not under a closed loop.", aboveZero: true);
    public static readonly Field<Bound> Arrivals = Optional.Part("arrivals", "When requests arrive.", ArrivalFields.Section);
    public static readonly Field<Bound> InputTokens = Optional.Part("input_tokens", "Prompt tokens, without the shared prefix; with sessions, of the first turn.", DistributionFields.Numbers);
    public static readonly Field<Bound> OutputTokens = Optional.Part("output_tokens", "Answer tokens.", DistributionFields.Numbers);
    public static readonly Field<double?> Correlation = Optional.Number("correlation", "Correlation of prompt and answer length (of the normal scores).", min: -1, max: 1);

    public static readonly Field<int> PairInput = new(new IntegerType(1)) { Name = "input", Meaning = "Prompt tokens.", Required = true };
    public static readonly Field<int> PairOutput = new(new IntegerType(1)) { Name = "output", Meaning = "Answer tokens.", Required = true };
    public static readonly Field<double> PairWeight = new(new NumberType(UnitTable.Number)) { Name = "weight", Meaning = "How often the pair comes, in any unit.", Default = 1, DefaultSource = "all equally often" };
    public static readonly Field<IReadOnlyList<Bound>> JointLengths = Optional.List("joint_lengths", "Prompt and answer lengths that are drawn together, instead of input_tokens and output_tokens.",
        new SectionType(new Section { Meaning = "One pair of lengths.", Fields = [PairInput, PairOutput, PairWeight] }));

    public static readonly Field<int> PrefixGroups = new(new IntegerType(1, 10_000_000)) { Name = "groups", Meaning = "Number of groups that share a prefix.", Default = 1, DefaultSource = "one system prompt" };
    public static readonly Field<int> PrefixTokens = new(new IntegerType(1)) { Name = "tokens", Meaning = "Length of the shared prefix; it comes in front of input_tokens.", Required = true };
    public static readonly Field<string> PrefixPopularity = new(new ChoiceType(("zipf", "the g-th group in proportion to 1/g^exponent"), ("uniform", "all groups equally often")))
    {
        Name = "popularity", Meaning = "Which groups are chosen how often.", Default = "zipf", DefaultSource = "popularity in the wild",
    };

    public static readonly Field<double> PrefixExponent = new(new NumberType(UnitTable.Number, 0, 10)) { Name = "exponent", Meaning = "Exponent of zipf.", Default = 1, DefaultSource = "Zipf's law" };
    public static readonly Field<Bound> Prefix = Optional.Part("prefix", "Shared prefixes: system prompts, tool descriptions.", new Section
    {
        Meaning = "Shared prefixes.",
        Fields = [PrefixGroups, PrefixTokens, PrefixPopularity, PrefixExponent],
    });

    public static readonly Field<int> ReuseCommonTokens = new(new IntegerType(0)) { Name = "common_tokens", Meaning = "Tokens with which every prompt begins.", Default = 0, DefaultSource = "none" };
    public static readonly Field<double> ReuseProbability = new(new NumberType(UnitTable.Number, 0, 1)) { Name = "probability", Meaning = "Share of requests that reuse an earlier prompt.", Required = true };
    public static readonly Field<Bound> ReuseShare = Optional.Part("share", "How much of its own prompt such a request shares, 0 to 1.", DistributionFields.Numbers);
    public static readonly Field<double> ReuseCorrelation = new(new NumberType(UnitTable.Number, -1, 1)) { Name = "correlation", Meaning = "Correlation of the share with the prompt length (of the normal scores).", Default = 0, DefaultSource = "none" };
    public static readonly Field<Bound> ReuseLag = Optional.Part("lag", "Time since the arrival of the prompt that is reused.", DistributionFields.Times);
    public static readonly Field<int> ReuseBlockTokens = new(new IntegerType(1, 1_048_576)) { Name = "block_tokens", Meaning = "Unit of sharing in tokens.", Default = 512, DefaultSource = "the block of the public Mooncake traces" };
    public static readonly Field<Bound> Reuse = Optional.Part("reuse", "Reuse of earlier prompts as measured in a trace. Not together with prefix, sessions, agents or a closed loop.", new Section
    {
        Meaning = "Reuse of earlier prompts.",
        Fields = [ReuseCommonTokens, ReuseProbability, ReuseShare, ReuseCorrelation, ReuseLag, ReuseBlockTokens],
    });

    public static readonly Field<Bound> SessionTurns = Optional.Part("turns", "Turns per session.", DistributionFields.Numbers);
    public static readonly Field<Bound> SessionThinkTime = Optional.Part("think_time", "Time between an answer and the next turn. Default: none.", DistributionFields.Times);
    public static readonly Field<Bound> SessionNewTokens = Optional.Part("new_tokens", "New prompt tokens of the second and later turns. Default: as input_tokens.", DistributionFields.Numbers);
    public static readonly Field<int?> SessionMaxContextTokens = Optional.Count("max_context_tokens", "A session ends before the first turn whose prompt and answer would exceed this.");
    public static readonly Field<Bound> Sessions = Optional.Part("sessions", "Conversations of several turns.", new Section
    {
        Meaning = "Conversations: the prompt of a turn is everything before it plus new tokens.",
        Fields = [SessionTurns, SessionThinkTime, SessionNewTokens, SessionMaxContextTokens],
    });

    public static readonly Field<Bound> AgentCalls = Optional.Part("calls", "Model calls per user turn.", DistributionFields.Numbers);
    public static readonly Field<Bound> AgentToolLatency = Optional.Part("tool_latency", "How long a tool takes. Default: no time.", DistributionFields.Times);
    public static readonly Field<Bound> AgentToolTokens = Optional.Part("tool_tokens", "Tokens of a tool's result.", DistributionFields.Numbers);
    public static readonly Field<Bound> AgentFinalOutputTokens = Optional.Part("final_output_tokens", "Answer tokens of the last call of a turn. Default: as output_tokens.", DistributionFields.Numbers);
    public static readonly Field<Bound> Agents = Optional.Part("agents", "Tool-calling agents: each user turn is a chain of model calls.", new Section
    {
        Meaning = "Tool-calling agents.",
        Fields = [AgentCalls, AgentToolLatency, AgentToolTokens, AgentFinalOutputTokens],
    });

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Field> All =
        [Preset, Requests, Duration, Arrivals, InputTokens, OutputTokens, Correlation, JointLengths, Prefix, Reuse, Sessions, Agents];
}
