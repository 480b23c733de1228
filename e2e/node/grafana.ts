// What a dashboard may hold, by Grafana's own types. A test writes each
// dashboard as a value of this type and has the compiler look at it.
import type { AnnotationQuery, Dashboard, Panel, VariableModel } from '@grafana/schema';
import type { Options as BarGauge } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { DataLink } from '@grafana/schema/dist/esm/schema/dashboard/v2alpha0/dashboard.gen';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { FieldConfig as LineConfig, Options as Lines } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** JSON has words where the types have enumerations. */
type Plain<T> = T extends string ? `${T}` : T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Some<T> = T extends (infer U)[] ? Some<U>[] : T extends object ? { [K in keyof T]?: Some<T[K]> } : T;

type Defaults<Custom> = Omit<NonNullable<Panel['fieldConfig']>['defaults'], 'custom' | 'links'> & { custom?: Some<Custom>; links?: DataLink[] };
type Shown<Type extends string, Options, Custom = never> = Omit<Panel, 'type' | 'options' | 'fieldConfig'> & {
  type: Type;
  options: Some<Options>;
  fieldConfig: Omit<NonNullable<Panel['fieldConfig']>, 'defaults'> & { defaults: Defaults<Custom> };
};

// Prometheus, as a data source, adds keys of its own.
type Variable = VariableModel & { definition?: string };
type Annotation = AnnotationQuery & { expr?: string; titleFormat?: string; textFormat?: string; useValueForTime?: 'on' };

export type Made = Plain<
  Omit<Dashboard, 'panels' | 'templating' | 'annotations'> & {
    panels: (Shown<'stat', Stat> | Shown<'bargauge', BarGauge> | Shown<'table', Table> | Shown<'timeseries', Lines, LineConfig>)[];
    templating: { list: Variable[] };
    annotations: { list: Annotation[] };
  }
>;
