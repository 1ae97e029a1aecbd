using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>engine.kvbm</c> section: a hierarchy like that of Dynamo's KV block manager, under the names of its simulator.</summary>
public static class KvbmFields
{
    private const string Source = "Dynamo, lib/mocker (KvbmOffloadConfig)";

    public static readonly Field<int> G2Blocks = new(new IntegerType(0))
    {
        Name = "num_g2_blocks",
        Meaning = "Blocks of the host pool (G2) of a rank, of the engine's own block size.",
        Default = 100_000,
        DefaultSource = Source,
    };

    public static readonly Field<int?> G3Blocks = Optional.Count("num_g3_blocks", "Blocks on a disk behind the host (G3). Default: no disk.", 0);

    public static readonly Field<bool> G4 = new(new SwitchType())
    {
        Name = "enable_g4_storage",
        Meaning = "A remote object store behind the host (G4).",
        Default = false,
        DefaultSource = Source,
    };

    public static readonly Field<int?> G4Blocks = Optional.Count("num_g4_blocks", "Blocks that it holds. Default: no limit.", 0);

    public static readonly Field<string> G4Scope = new(new ChoiceType(
        ("shared", "one store and its bandwidth for all replicas of the run"),
        ("private", "one for each rank")))
    {
        Name = "g4_scope",
        Meaning = "Whose the remote store is.",
        Default = "shared",
        DefaultSource = Source,
    };

    public static readonly Field<int> OffloadBatchSize = new(new IntegerType(1))
    {
        Name = "offload_batch_size",
        Meaning = "Most blocks of one copy to the host.",
        Default = 32,
        DefaultSource = Source,
    };

    public static readonly Field<double> G1ToG2 = Bandwidth("bandwidth_g1_to_g2_gbps", "GPU to host", 14);
    public static readonly Field<double> G2ToG1 = Bandwidth("bandwidth_g2_to_g1_gbps", "Host to GPU", 14);
    public static readonly Field<double> G2ToG3 = Bandwidth("bandwidth_g2_to_g3_gbps", "Host to disk", 7);
    public static readonly Field<double> G3ToG2 = Bandwidth("bandwidth_g3_to_g2_gbps", "Disk to host", 7);
    public static readonly Field<double> G2ToG4 = Bandwidth("bandwidth_g2_to_g4_gbps", "Host to the remote store", 1, KvTierFields.Devices);
    public static readonly Field<double> G4ToG2 = Bandwidth("bandwidth_g4_to_g2_gbps", "Remote store to host", 1, KvTierFields.Devices);

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "KV in host memory (G2), on a disk (G3) and in a remote store (G4), as Dynamo's KVBM keeps it: copies of one direction share its bandwidth equally. A bare number is num_g2_blocks.",
        Fields = [G2Blocks, G3Blocks, G4, G4Blocks, G4Scope, OffloadBatchSize, G1ToG2, G2ToG1, G2ToG3, G3ToG2, G2ToG4, G4ToG2],
        Shorthand = G2Blocks,
    };

    /// <summary>The field of an engine that stands for it.</summary>
    public static readonly Field<Bound> Kvbm = Optional.Part("kvbm", "Keep KV outside the GPU as Dynamo's KVBM does. The plain engine drives such a run.", Section);

    private static Field<double> Bandwidth(string name, string between, double gigabytes, string source = Source) => new(new NumberType(UnitTable.Number, 0))
    {
        Name = name,
        Meaning = $"{between}: GB/s of a rank, all its GPUs together. 0 takes no time.",
        Default = gigabytes,
        DefaultSource = source,
    };
}
