using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>What a replica is made of: keys of the scenario that a pool may lay its own over.</summary>
public static class ReplicaFields
{
    public static readonly Field<Bound> Engine = Part("engine", EngineFields.Section);
    public static readonly Field<Bound> Model = Part("model", ModelFields.Model);
    public static readonly Field<Bound> Hardware = Part("hardware", ModelFields.Hardware);
    public static readonly Field<Bound> StepTime = Part("step_time", StepTimeFields.Section);
    public static readonly Field<Bound> Frontend = Part("frontend", FrontendFields.Section);

    public static readonly Field<int?> GpusPerReplica = new(new OptionalType<int>(new IntegerType(1, 4096)))
    {
        Name = "gpus_per_replica",
        Meaning = "GPUs that one replica occupies; used to count GPU-hours. With a parallel layout it follows from that.",
        DefaultText = "by the layout, else 1",
    };

    /// <summary>All of them as a section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "What a replica is made of.",
        Fields = [Model, ModelFields.Gpu, .. ModelFields.LayoutFields, ModelFields.SequenceParallel, Engine, Hardware, StepTime, Frontend],
    };

    private static Field<Bound> Part(string name, Section section) => new(new SectionType(section)) { Name = name, Meaning = section.Meaning };
}
