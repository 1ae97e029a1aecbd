namespace Foretoken.Engines.SgLang.Plain;

/// <summary>How an attempt to admit a request ended (SGLang's PrefillAdder).</summary>
internal enum Admission
{
    /// <summary>The next one may be tried.</summary>
    Continue,

    /// <summary>No KV memory is left; the running batch counts as full.</summary>
    NoToken,

    /// <summary>The budget of this batch is used up.</summary>
    Other,
}
