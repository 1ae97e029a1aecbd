using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>fleet.cold_start</c> section: how long a new replica takes until it serves.</summary>
public static class ColdStartFields
{
    private const string Measured = "vLLM, Llama-3.1-8B on one L40S with warm caches (tensorfuse.io)";

    private static readonly ColdStartTerms Terms = new();

    public static readonly Field<SimDuration?> Total = Optional.Duration("startup_time", "The whole start, in place of its terms.");
    public static readonly Field<SimDuration> Image = Time("image_pull", "Fetching and unpacking the container image.", Terms.Image, "the node has it already");
    public static readonly Field<double?> Weights = Optional.Number("weights", "Bytes of weights that a replica reads, with a unit. By default those of the model, if one is named.", UnitTable.Bytes, aboveMin: true);

    public static readonly Field<double> WeightBandwidth = new(new NumberType(UnitTable.Bandwidth, 0, aboveMin: true))
    {
        Name = "weight_bandwidth", Meaning = "How fast they come, all GPUs of the replica together.", Default = Terms.WeightBandwidth, DefaultSource = Measured,
    };

    public static readonly Field<SimDuration> Initialisation = Time("initialisation", "Imports, processes, memory profiling.", Terms.Initialisation, Measured);
    public static readonly Field<SimDuration> Compilation = Time("compilation", "Compilation; from a warm cache by default.", Terms.Compilation, Measured);
    public static readonly Field<SimDuration> GraphCapture = Time("graph_capture", "Capture of CUDA graphs.", Terms.GraphCapture, Measured);
    public static readonly Field<SimDuration> PerRank = Time("per_rank", "Setting up communication, per GPU of the replica beyond the first.", Terms.PerRank, "not measured on its own");
    public static readonly Field<SimDuration> WarmUp = Time("warm_up", "First requests before it counts as ready.", Terms.WarmUp, "vLLM: the first answer after a start takes 3 to 6 s longer");

    public static readonly Field<double> Spread = new(new NumberType(UnitTable.Number, 0, 3))
    {
        Name = "spread", Meaning = "Sigma of the logarithm of each term: 0.3 makes one start in six more than 1.35 times as long.", Default = 0, DefaultSource = "every start the same",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "How long a new replica takes, as a sum of terms. A node that has to be started first comes on top (fleet.nodes).",
        Fields = [Total, Image, Weights, WeightBandwidth, Initialisation, Compilation, GraphCapture, PerRank, WarmUp, Spread],
        Shorthand = Total,
    };

    private static Field<SimDuration> Time(string name, string meaning, SimDuration value, string source) =>
        new(new DurationType()) { Name = name, Meaning = meaning, Default = value, DefaultSource = source };
}
