namespace Foretoken.Engines.SgLang.Plain;

/// <summary>What a batch computes.</summary>
internal enum BatchMode
{
    /// <summary>Prompts or pieces of them.</summary>
    Extend,

    /// <summary>One token for each running request.</summary>
    Decode,

    /// <summary>Prompts, and one token for each running request beside them.</summary>
    Mixed,
}
