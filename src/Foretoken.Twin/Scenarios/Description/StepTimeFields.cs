using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>step_time</c> section: how long a forward pass takes.</summary>
public static class StepTimeFields
{
    public static readonly Field<string> Source = new(new ChoiceType(
        ("coefficients", "operators of model and GPU, from fitted coefficients; needs model and gpu"),
        ("optables", "the same put together from measured operator tables; needs model, gpu and file"),
        ("measured", "the same corrected by steps that a real engine ran; needs model, gpu and file"),
        ("polynomial", "DynoSim's uncalibrated default, so that results can be compared"),
        ("fixed", "the same time for every prefill and every decode step"),
        ("linear", "straight lines in tokens, attention area, batch and context"),
        ("table", "measured points, interpolated")))
    {
        Name = "source",
        Meaning = "Where step times come from.",
        Default = "polynomial",
        DefaultText = "coefficients with a model and a GPU, else polynomial",
        DefaultSource = "needs no measurement",
    };

    public static readonly Field<SimDuration> FixedPrefill = new(new DurationType(aboveZero: true)) { Name = "prefill", Meaning = "Time of a step that computes prompt tokens.", Required = true };
    public static readonly Field<SimDuration> FixedDecode = new(new DurationType(aboveZero: true)) { Name = "decode", Meaning = "Time of a step that only decodes.", Required = true };

    public static readonly Field<double> PrefillBase = Coefficient("prefill_base", "Time of a step with prompt tokens before any token is counted (a).");
    public static readonly Field<double> PrefillPerToken = Coefficient("prefill_per_token", "Time per prompt token (b).");
    public static readonly Field<double> PrefillPerArea = Coefficient("prefill_per_area", "Time per unit of attention area, new tokens times tokens attended to (c).");
    public static readonly Field<double> DecodeBase = Coefficient("decode_base", "Time of a decode step before any request is counted (a).");
    public static readonly Field<double> DecodePerRequest = Coefficient("decode_per_request", "Time per decoding request (b).");
    public static readonly Field<double> DecodePerContextToken = Coefficient("decode_per_context_token", "Time per token of context of all decoding requests (c).");

    public static readonly Field<double> ExpertSkew = new(new NumberType(UnitTable.Number, 0, 3))
    {
        Name = "expert_skew",
        Meaning = "Exponent of the power law of the routed experts' popularity: 0 is balanced, 1.2 strongly skewed.",
        Default = 1.01,
        DefaultSource = "as measured on real text",
    };

    public static readonly Field<string> TablePath = new(new TextType("the path of a table of measurements"))
    {
        Name = "path",
        Meaning = "CSV or NPZ file with measured step times; relative to the scenario file.",
        Required = true,
    };

    public static readonly Field<string> OperatorFile = File("a file of operator tables", "File of measured operators, made by foretoken optables import; relative to the scenario file.");
    public static readonly Field<string> RecordFile = File("a file of recorded steps", "File of steps that a real engine ran (docs/step-times.md); relative to the scenario file.");

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "How long a forward pass of the engine takes.",
        Fields = [Source],
        Switch = Source,
        Shorthand = Source,
        Cases = new Dictionary<string, IReadOnlyList<Field>>
        {
            ["coefficients"] = [ExpertSkew],
            ["optables"] = [OperatorFile, ExpertSkew],
            ["measured"] = [RecordFile, ExpertSkew],
            ["fixed"] = [FixedPrefill, FixedDecode],
            ["linear"] = [PrefillBase, PrefillPerToken, PrefillPerArea, DecodeBase, DecodePerRequest, DecodePerContextToken],
            ["table"] = [TablePath],
        },
    };

    private static Field<string> File(string what, string meaning) => new(new TextType("the path of " + what)) { Name = "file", Meaning = meaning, Required = true };

    private static Field<double> Coefficient(string name, string meaning) =>
        new(new NumberType(UnitTable.Duration)) { Name = name, Meaning = meaning + " With a unit of time.", Required = true };
}
