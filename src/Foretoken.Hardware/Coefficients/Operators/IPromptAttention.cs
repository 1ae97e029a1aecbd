namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Attention of prompt chunks, heads of one rank.</summary>
internal interface IPromptAttention
{
    /// <summary>Window that the work is to be counted with (see <see cref="ContextWork.Of"/>); 0 for all tokens.</summary>
    double Window { get; }

    /// <summary>Microseconds.</summary>
    double Us(in ContextWork work);

    /// <summary>The same within a hundred-thousandth, for the many steps of a run.</summary>
    double QuickUs(in ContextWork work) => Us(work);

    /// <summary>What no kernel can beat, us.</summary>
    double BoundUs(in ContextWork work);
}
