namespace Foretoken.Hardware.StepTime;

/// <summary>What the first axis of a decode table counts.</summary>
public enum DecodeAxis
{
    /// <summary>Decoding requests.</summary>
    Batch,

    /// <summary>Context tokens of all decoding requests together (DynoSim's <c>decode_active_kv_tokens</c>).</summary>
    ActiveKvTokens,
}
