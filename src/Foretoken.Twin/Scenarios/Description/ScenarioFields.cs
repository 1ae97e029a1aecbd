using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>A whole scenario: the root of the one description of every key.</summary>
public static class ScenarioFields
{
    public static readonly Field<string> Name = new(new TextType("a text")) { Name = "name", Meaning = "What the scenario is called in reports.", DefaultText = "the file's name" };

    public static readonly Field<long> Seed = new(new LongType(0))
    {
        Name = "seed",
        Meaning = "Seed of every random decision: same scenario, same trace, same seed, same bytes.",
        Default = 1,
        DefaultSource = "any fixed number does",
    };

    public static readonly Field<Bound> Workload = new(new SectionType(WorkloadFields.Section)) { Name = "workload", Meaning = "The traffic. With a model and a GPU it may be left out: preset chat.", DefaultText = "preset chat with a model, else required" };
    public static readonly Field<Bound> Fleet = Part("fleet", FleetFields.Section);
    public static readonly Field<Bound> Engine = ReplicaFields.Engine;
    public static readonly Field<Bound> Model = ReplicaFields.Model;
    public static readonly Field<Bound> Hardware = ReplicaFields.Hardware;
    public static readonly Field<Bound> StepTime = ReplicaFields.StepTime;
    public static readonly Field<Bound> Frontend = ReplicaFields.Frontend;
    public static readonly Field<Bound> Slo = Optional.Part("slo", "Service-level objective.", SloFields.Section);
    public static readonly Field<Bound> Run = Part("run", RunFields.Section);

    /// <summary>The root.</summary>
    public static readonly Section Root = new()
    {
        Meaning = "A scenario: which traffic meets which fleet.",
        Fields =
        [
            Name, Seed, Workload, Model, ModelFields.Gpu, .. ModelFields.LayoutFields, ModelFields.SequenceParallel, ModelFields.Catalogue, Engine, Fleet, Hardware, StepTime, Frontend, Slo, Run,
        ],
    };

    private static Field<Bound> Part(string name, Section section) => new(new SectionType(section)) { Name = name, Meaning = section.Meaning };
}
