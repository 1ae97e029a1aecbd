namespace Foretoken.Hardware.OpTables;

/// <summary>Everything that was measured of one kind of operator with one release of a backend.</summary>
/// <param name="Kind">The operator.</param>
/// <param name="Backend">vllm, sglang, trtllm, nccl.</param>
/// <param name="Version">Its release.</param>
/// <param name="Grids">In the order of their keys.</param>
public sealed record OperatorTable(OperatorKind Kind, string Backend, string Version, IReadOnlyList<OperatorGrid> Grids)
{
    /// <summary>Measured points.</summary>
    public int Points => Grids.Sum(g => g.Points);
}

/// <summary>The measured operators of one GPU.</summary>
/// <param name="System">Name of the GPU as the tables give it: h100_sxm.</param>
/// <param name="Tables">By kind, backend and release.</param>
public sealed record OperatorTableSet(string System, IReadOnlyList<OperatorTable> Tables);
