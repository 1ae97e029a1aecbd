namespace Foretoken.Engines.Vllm.Plain;

/// <summary>A request's block table in one KV cache group.</summary>
internal sealed class KvTable
{
    /// <summary>Block of each stretch of tokens; the null block where the window has passed.</summary>
    public List<KvBlock> Blocks { get; } = [];

    /// <summary>Blocks from the start that were already looked at for registration.</summary>
    public int Registered { get; set; }
}
